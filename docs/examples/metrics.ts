import { Aggregate } from 'cutover'
import { inProcess } from 'cutover/hosts'

function call(n: number): number {
  if (n < 0) throw Object.assign(new Error(`${n} is negative`), { code: 'E_NEGATIVE' })
  return Math.sqrt(n)
}

const roots = new Aggregate<number, number>({ id: 'roots', durations: true })
const provisioner = inProcess({ module: { call } })
roots.addVersion('1.0.0', provisioner.provision({ id: 'roots', version: '1.0.0' }))
roots.start()
await roots.setVersion('1.0.0')
await Promise.allSettled([4, 9, -1].map(n => roots.call(n)))

for (const { version, role, answered, failures, durations } of roots.metrics().versions) {
  console.log(version, role, answered, failures, durations?.count)
}
await roots.dispose()
