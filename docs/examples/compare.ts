import { isDeepStrictEqual } from 'node:util'
import { Aggregate, type MirroredOutcomes, type Outcome } from 'cutover'
import { inProcess } from 'cutover/hosts'

const traffic = [100, 50, 10, -1]
const differences: MirroredOutcomes<number>[] = []
let compared = 0
let finish = () => {}
const finished = new Promise<void>(resolve => {
  finish = resolve
})

const prices = new Aggregate<number, number>({
  id: 'prices',
  // Only reads: both versions execute the request.
  propagate: () => Math.random() < 1,
  onMirrored: pair => {
    const isSame = isDeepStrictEqual(resultOf(pair.active), resultOf(pair.next))
    if (!isSame && differences.length < 100) differences.push(pair)
    if (++compared === traffic.length) finish()
  },
})

/** Returns the answer, or the message of the error: the caller sees no more. */
function resultOf(outcome: Outcome): unknown {
  return outcome.status === 'fulfilled' ? outcome.value : `${outcome.reason}`
}

const rules: Record<string, (net: number) => number> = {
  '1.0.0': net => Math.round(net * 1.19),
  '2.0.0': net => {
    if (net < 0) throw new RangeError(`${net} is negative`)
    return Math.trunc(net * 1.19)
  },
}
const provisioner = inProcess({ module: ({ version }) => ({ call: rules[version] ?? Math.round }) })
for (const version of Object.keys(rules)) prices.addVersion(version, provisioner.provision({ id: 'prices', version }))
prices.start()
await prices.setVersion('1.0.0', '2.0.0')
await prices.whenRunning({ version: '2.0.0' })

for (const net of traffic) await prices.call(net)
await finished

console.log(`${differences.length} of ${compared} differ`)
for (const { request, active, next } of differences) console.log(request, resultOf(active), '→', resultOf(next))
await prices.dispose()
