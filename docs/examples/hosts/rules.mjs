// rules.mjs: only `call` is needed
let rate

export async function start({ version, localConfig, signal, callHost }) {
  rate = localConfig.rate // calls wait until this is done; to fail, throw: it is tried again
}

export async function call(request, { signal }) {
  // signal: the caller gave up, somebody called abort(), or the module is to stop
  return request.amount * rate
}

export async function abort() {} // interrupt the work at hand
export async function stop() {} // end what start has begun
