// The least that the work costs: GETs over HTTP/1.1 with keep-alive on a fixed number of
// connections, one thread, epoll, each body into NAME.part, which is renamed when it is complete.
// Nothing else: no retries, no checks, no framing but Content-Length, IPv4 alone. What asyncdl
// costs above this is what its features cost. For the bench only. Two programs are made of it:
//
//   floor LIST DIR CONNECTIONS            LIST: URLs http://ADDRESS:PORT/PATH, one a line, one
//   server floor_tls LIST DIR CONNECTIONS CA     URLs https://ADDRESS:PORT/PATH; CA: the
//   certificates to trust
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "floor_channel.h"

enum { head_limit = 8192, scratch_size = 256 * 1024, events_at_once = 64 };

struct connection {
    struct channel* channel;
    int file;           // -1 while the head is not complete
    const char* name;   // of the file that is being fetched; null when there is nothing left to do
    long long missing;  // bytes of the body that are still to come
    size_t held;        // bytes of a head that came in parts
    char head[head_limit];
};

static char* next_line;  // where the list goes on
static size_t origin_length;
static int directory;
static int running;
static char scratch[scratch_size];

void fail(const char* what) {
    perror(what);
    exit(1);
}

void refuse(const char* what, const char* name) {
    fprintf(stderr, "floor: %s: %s\n", name, what);
    exit(1);
}

// The list is cut into strings in place; a name points into it.
static char* read_list(const char* path) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (file < 0 || fstat(file, &about) != 0) {
        fail(path);
    }
    char* text = malloc((size_t)about.st_size + 1);
    if (!text || read(file, text, (size_t)about.st_size) != about.st_size) {
        fail(path);
    }
    text[about.st_size] = '\0';
    close(file);
    return text;
}

static struct sockaddr_in address_of(const char* url) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    char host[16];
    unsigned short port;
    int length = 0;
    if (strncmp(url, channel_scheme, strlen(channel_scheme)) != 0 ||
        sscanf(url + strlen(channel_scheme), "%15[0-9.]:%hu%n", host, &port, &length) != 2 ||
        inet_pton(AF_INET, host, &address.sin_addr) != 1) {
        refuse("not SCHEME://ADDRESS:PORT/PATH with the scheme of this program", url);
    }
    address.sin_port = htons(port);
    origin_length = strlen(channel_scheme) + (size_t)length;
    return address;
}

// A request is far smaller than an empty send buffer: it goes out in one piece or not at all.
static void ask(struct connection* at) {
    if (!next_line || *next_line == '\0') {
        at->name = NULL;
        channel_close(at->channel);
        --running;
        return;
    }
    char* url = strsep(&next_line, "\n");
    const char* target = url + origin_length;
    at->name = strrchr(url, '/') + 1;
    at->held = 0;
    char request[1024];
    const size_t scheme = strlen(channel_scheme);
    const int length = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: %.*s\r\n\r\n",
                                target, (int)(origin_length - scheme), url + scheme);
    if (length < 0 || (size_t)length >= sizeof(request) ||
        !channel_send(at->channel, request, (size_t)length)) {
        fail(url);
    }
}

static void part_name(char* part, size_t size, const char* name) {
    snprintf(part, size, "%s.part", name);
}

// Reads what a complete head says and opens the file.
static void begin_body(struct connection* at, const char* head) {
    const char* field = strcasestr(head, "\r\nContent-Length:");
    if (strncmp(head, "HTTP/1.1 200 ", 13) != 0 || !field) {
        refuse("not 200 with a Content-Length", at->name);
    }
    at->missing = strtoll(field + 17, NULL, 10);
    char part[300];
    part_name(part, sizeof(part), at->name);
    at->file = openat(directory, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (at->file < 0) {
        fail(part);
    }
}

static void keep(struct connection* at, const char* bytes, size_t size) {
    if (size > (unsigned long long)at->missing) {
        refuse("more bytes than announced", at->name);
    }
    at->missing -= (long long)size;
    while (size > 0) {
        const ssize_t written = write(at->file, bytes, size);
        if (written < 0) {
            fail(at->name);
        }
        bytes += written;
        size -= (size_t)written;
    }
    if (at->missing == 0) {
        char part[300];
        part_name(part, sizeof(part), at->name);
        if (close(at->file) != 0 || renameat(directory, part, directory, at->name) != 0) {
            fail(at->name);
        }
        at->file = -1;
        ask(at);
    }
}

// Most heads come whole, and with them the first bytes of the body.
static void take_head(struct connection* at, size_t size) {
    char* head = scratch;
    if (at->held > 0) {
        memmove(scratch + at->held, scratch, size);
        memcpy(scratch, at->head, at->held);
        size += at->held;
    }
    const char* end = memmem(head, size, "\r\n\r\n", 4);
    if (!end) {
        if (size >= head_limit) {
            refuse("the head is too long", at->name);
        }
        memcpy(at->head, head, size);
        at->held = size;
        return;
    }
    const size_t length = (size_t)(end - head) + 4;
    head[length - 1] = '\0';
    begin_body(at, head);
    keep(at, head + length, size - length);
}

static void proceed(struct connection* at) {
    bool more = true;
    while (more && at->name) {
        const size_t size =
            channel_receive(at->channel, scratch, sizeof(scratch) - head_limit, &more);
        if (size == 0) {
            return;
        }
        if (at->file < 0) {
            take_head(at, size);
        } else {
            keep(at, scratch, size);
        }
    }
}

int main(int count, char** words) {
    const char* authorities = count == 5 ? words[4] : NULL;
    if (count < 4 || count > 5 || atoi(words[3]) < 1 || !channel_prepare(authorities)) {
        fputs("usage: floor LIST DIR CONNECTIONS | floor_tls LIST DIR CONNECTIONS CA\n", stderr);
        return 2;
    }
    next_line = read_list(words[1]);
    directory = open(words[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int poll = epoll_create1(EPOLL_CLOEXEC);
    if (directory < 0 || poll < 0) {
        fail(words[2]);
    }
    const struct sockaddr_in address = address_of(next_line);
    const int connections = atoi(words[3]);
    for (int i = 0; i < connections && next_line && *next_line != '\0'; ++i) {
        struct connection* at = malloc(sizeof(*at));
        if (!at) {
            fail("malloc");
        }
        at->file = -1;
        const int connected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = at};
        if (connected < 0 ||
            connect(connected, (const struct sockaddr*)&address, sizeof(address)) != 0 ||
            epoll_ctl(poll, EPOLL_CTL_ADD, connected, &wanted) != 0) {
            fail("connect");
        }
        at->channel = channel_open(connected);
        ++running;
        ask(at);
    }
    while (running > 0) {
        struct epoll_event ready[events_at_once];
        const int found = epoll_wait(poll, ready, events_at_once, -1);
        for (int i = 0; i < found; ++i) {
            proceed(ready[i].data.ptr);
        }
    }
    return 0;
}
