// How the floor moves bytes: floor_plain.c or floor_tls.c is linked with floor.c, so that the plain
// program does not load OpenSSL. A failure ends the program.
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct channel;

extern const char* const channel_scheme;  // what its URLs begin with

// Before any other call; false if the program was called wrongly.
bool channel_prepare(const char* authorities);

// Takes over a connected blocking socket.
struct channel* channel_open(int socket);
void channel_close(struct channel* channel);

// Sends all of it or nothing.
bool channel_send(struct channel* channel, const char* bytes, size_t size);

// Receives what is there; 0 if there is nothing yet. `more` tells whether to call again before the
// next wait.
size_t channel_receive(struct channel* channel, char* space, size_t size, bool* more);

// Of floor.c.
void fail(const char* what);
void refuse(const char* what, const char* name);
