/* What a host does that waits for any of its children, as an addon of its own: waitForAll() returns how many it got. */
#include <node_api.h>
#include <sys/wait.h>

static napi_value WaitForAll(napi_env env, napi_callback_info info) {
  napi_value result;
  int got = 0;
  (void)info;
  while (waitpid(-1, NULL, WNOHANG) > 0) got++;
  napi_create_int32(env, got, &result);
  return result;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "waitForAll", NAPI_AUTO_LENGTH, WaitForAll, NULL, &function);
  napi_set_named_property(env, exports, "waitForAll", function);
  return exports;
}
