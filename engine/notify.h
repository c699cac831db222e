/*
 * notify: tells the service manager how far the server is, as sd_notify(3)
 * does: a datagram to the socket that NOTIFY_SOCKET names. Without the
 * variable nothing happens. So `systemctl start` returns when requests are
 * answered, and not before.
 */
#pragma once

/* state: "READY=1" or "STOPPING=1". What cannot be told is not needed. */
void notify_state(const char *state);
