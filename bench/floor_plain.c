// The floor over TCP: nothing but system calls.
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "floor_channel.h"

const char* const channel_scheme = "http://";

bool channel_prepare(const char* authorities) {
    return authorities == NULL;
}

// The descriptor is all there is; plus one, since 0 would be no pointer.
struct channel* channel_open(int socket) {
    return (struct channel*)(intptr_t)(socket + 1);
}

static int socket_of(struct channel* channel) {
    return (int)(intptr_t)channel - 1;
}

void channel_close(struct channel* channel) {
    close(socket_of(channel));
}

bool channel_send(struct channel* channel, const char* bytes, size_t size) {
    return send(socket_of(channel), bytes, size, MSG_NOSIGNAL) == (ssize_t)size;
}

// One read and no second one that would find nothing: epoll tells when there is more.
size_t channel_receive(struct channel* channel, char* space, size_t size, bool* more) {
    *more = false;
    const ssize_t received = recv(socket_of(channel), space, size, 0);
    if (received <= 0) {
        refuse("the connection ended early", "recv");
    }
    return (size_t)received;
}
