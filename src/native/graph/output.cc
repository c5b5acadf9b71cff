// See output.h. A reader that is gone ends the child by SIGPIPE, whose action is the default there.
#include "output.h"

#include <errno.h>
#include <unistd.h>

#include "problem.h"

namespace graph {

Output out;

void Output::Flush() {
  for (size_t at = 0; at < filled_;) {
    const ssize_t written = write(descriptor_, buffer_ + at, filled_ - at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) GiveUp(kGraphOutput, errno, 0);
    at += static_cast<size_t>(written);
  }
  sent_ += filled_;
  filled_ = 0;
}

void Output::Text(const char* text, size_t bytes) {
  while (bytes > 0) {
    Room(1);
    const size_t room = sizeof(buffer_) - filled_, part = bytes < room ? bytes : room;
    memcpy(buffer_ + filled_, text, part);
    filled_ += part;
    text += part;
    bytes -= part;
  }
}

void Output::Escaped(uint32_t unit) {
  Room(8);
  if (unit == '"' || unit == '\\') {
    Char('\\');
    Char(static_cast<char>(unit));
  } else if (unit == '\n') {
    Char('\\');
    Char('n');
  } else if (unit < 32 || unit > 126) {
    constexpr char digits[] = "0123456789abcdef";
    Char('\\');
    Char('u');
    for (int shift = 12; shift >= 0; shift -= 4) Char(digits[unit >> shift & 15]);
  } else {
    Char(static_cast<char>(unit));
  }
}

}  // namespace graph
