// Keeps track of the children that a thread has forked but not waited for, so that none becomes a zombie when the
// thread ends first.
//
// A worker thread may be terminated at any time. The kernel then kills its child (PR_SET_PDEATHSIG), but nobody is left
// to wait for it, so the zombie would stay in the process table for as long as the service lives. So when the
// environment of a thread ends, its children are killed and handed to a short-lived thread that waits for them: a child
// that holds a gigabyte takes a moment to die at its low priority, and it must delay neither worker.terminate() nor the
// exit of the process. When the main thread ends, killing is enough: init waits for the rest.
//
// The waiting thread runs code of this shared object after the thread that loaded it has closed it: hence -z nodelete.

#include "addon.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// See dlsym in heap_objects.cc.
#if defined(__x86_64__)
__asm__(".symver pthread_create, pthread_create@GLIBC_2.2.5");
#elif defined(__aarch64__)
__asm__(".symver pthread_create, pthread_create@GLIBC_2.17");
#endif

namespace {

// A thread captures one at a time. A child beyond this limit would only lack its waiting thread.
constexpr int kMaxChildren = 8;

struct Children {
  pid_t pids[kMaxChildren];  // 0: free
};

void* WaitForChild(void* pid) {
  while (waitpid(static_cast<pid_t>(reinterpret_cast<intptr_t>(pid)), nullptr, 0) < 0 && errno == EINTR) {
  }
  return nullptr;
}

void WaitElsewhere(pid_t pid) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_attr_t detached;
  pthread_t thread;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  // Signals belong to the threads of the service.
  sigprocmask(SIG_SETMASK, &all, &before);
  pthread_create(&thread, &detached, WaitForChild, reinterpret_cast<void*>(static_cast<intptr_t>(pid)));
  sigprocmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&detached);
}

void EndChildren(napi_env, void* data, void*) {
  Children* children = static_cast<Children*>(data);
  const bool is_main = syscall(SYS_gettid) == getpid();
  for (pid_t pid : children->pids) {
    if (pid == 0) continue;
    kill(pid, SIGKILL);
    if (!is_main) WaitElsewhere(pid);
  }
  free(children);
}

void Replace(napi_env env, pid_t from, pid_t to) {
  void* data = nullptr;
  if (napi_get_instance_data(env, &data) != napi_ok || data == nullptr) return;
  for (pid_t& pid : static_cast<Children*>(data)->pids) {
    if (pid != from) continue;
    pid = to;
    return;
  }
}

}  // namespace

void StartChildren(napi_env env) {
  void* children = calloc(1, sizeof(Children));
  if (children != nullptr && napi_set_instance_data(env, children, EndChildren, nullptr) != napi_ok) free(children);
}

void AddChild(napi_env env, pid_t pid) { Replace(env, 0, pid); }

void RemoveChild(napi_env env, pid_t pid) { Replace(env, pid, 0); }
