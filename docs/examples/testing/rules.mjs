// rules.mjs: the runtime under test
let rules

export function start({ version, localConfig }) {
  if (localConfig.rate === undefined) throw new TypeError('localConfig.rate is missing')
  rules = { version, rate: localConfig.rate }
}

export function call({ amount }) {
  return { version: rules.version, tax: amount * rules.rate }
}
