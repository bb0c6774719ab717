// The floor over TLS: OpenSSL on the socket. It asks for the head of a record and then for the
// rest, so a BIO of our own reads ahead; OpenSSL's own reading ahead moves all that it holds to the
// front of its buffer for each record.
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "floor_channel.h"

enum { ahead_size = 64 * 1024 };

struct channel {
    int socket;
    SSL* ssl;
    size_t begin, end;  // of what was received and not yet decrypted
    bool drained;       // a short read: the next one would find nothing
    char ahead[ahead_size];
};

const char* const channel_scheme = "https://";

static SSL_CTX* context;
static BIO_METHOD* method;

static int read_ahead(BIO* bio, char* space, int size) {
    struct channel* at = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (at->begin == at->end) {
        if (at->drained) {
            BIO_set_retry_read(bio);
            return -1;
        }
        const ssize_t received = recv(at->socket, at->ahead, sizeof(at->ahead), 0);
        if (received <= 0) {
            if (received < 0 && errno == EAGAIN) {
                BIO_set_retry_read(bio);
            }
            return (int)received;
        }
        at->begin = 0;
        at->end = (size_t)received;
        at->drained = at->end < sizeof(at->ahead) && SSL_is_init_finished(at->ssl);
    }
    const size_t held = at->end - at->begin;
    const size_t taken = held < (size_t)size ? held : (size_t)size;
    memcpy(space, at->ahead + at->begin, taken);
    at->begin += taken;
    return (int)taken;
}

static int write_through(BIO* bio, const char* bytes, int size) {
    struct channel* at = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    return (int)send(at->socket, bytes, (size_t)size, MSG_NOSIGNAL);
}

static long control(BIO* bio, int command, long number, void* pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

bool channel_prepare(const char* authorities) {
    context = SSL_CTX_new(TLS_client_method());
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "floor");
    if (!authorities || !context || !method ||
        SSL_CTX_load_verify_locations(context, authorities, NULL) != 1) {
        return false;
    }
    BIO_meth_set_read(method, read_ahead);
    BIO_meth_set_write(method, write_through);
    BIO_meth_set_ctrl(method, control);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return true;
}

// The handshake may block, a read later may not.
struct channel* channel_open(int socket) {
    struct channel* at = malloc(sizeof(*at));
    BIO* bio = BIO_new(method);
    if (!at || !bio || !(at->ssl = SSL_new(context))) {
        fail("TLS");
    }
    at->socket = socket;
    at->begin = at->end = 0;
    at->drained = false;
    BIO_set_data(bio, at);
    BIO_set_init(bio, 1);
    SSL_set_bio(at->ssl, bio, bio);
    if (SSL_connect(at->ssl) != 1 || fcntl(socket, F_SETFL, O_NONBLOCK) != 0) {
        refuse("the TLS handshake failed", "connect");
    }
    return at;
}

void channel_close(struct channel* channel) {
    SSL_shutdown(channel->ssl);
    SSL_free(channel->ssl);
    close(channel->socket);
    free(channel);
}

bool channel_send(struct channel* channel, const char* bytes, size_t size) {
    return SSL_write(channel->ssl, bytes, (int)size) == (int)size;
}

// A record is 16 KiB at most; they are gathered, since a write of a file costs more than a copy.
size_t channel_receive(struct channel* channel, char* space, size_t size, bool* more) {
    size_t held = 0;
    channel->drained = false;
    *more = true;
    while (held < size) {
        const int got = SSL_read(channel->ssl, space + held, (int)(size - held));
        if (got <= 0) {
            if (SSL_get_error(channel->ssl, got) != SSL_ERROR_WANT_READ) {
                refuse("the connection ended early", "TLS");
            }
            *more = false;
            break;
        }
        held += (size_t)got;
    }
    return held;
}
