import { Aggregate, isCutoverError } from 'cutover'
import { inProcess } from 'cutover/hosts'

const doublers = inProcess({ module: ({ version }) => ({ call: (n: number) => `${n * 2} by ${version}` }) })
const provision = (version: string) => doublers.provision<number, string>({ id: 'doubler', version })

const doubler = new Aggregate<number, string>({ id: 'doubler', handover: 'overlap', waitTimeout: 5_000 })
doubler.watchEvents().subscribe(event => {
  console.log('version' in event ? `${event.type} ${event.version}` : event.type)
})

doubler.addVersion('1.0.0', provision('1.0.0'))
doubler.start()
await doubler.setVersion('1.0.0')
console.log(await doubler.call(21, { signal: AbortSignal.timeout(1_000) }))

doubler.addVersion('2.0.0', provision('2.0.0'))
await doubler.setVersion('1.0.0', '2.0.0')
await doubler.whenRunning({ version: '2.0.0', signal: AbortSignal.timeout(10_000) })
await doubler.setVersion('2.0.0')
console.log(await doubler.call(21))

await doubler.dispose()
await doubler.call(21).catch(error => console.log(isCutoverError(error, 'CUTOVER_DISPOSED')))
