import { once } from 'node:events'
import { Aggregate } from 'cutover'
import { inProcess } from 'cutover/hosts'
import { startInspector } from 'cutover/inspect'

await using inspector = await startInspector()
console.log(inspector.url) // open this: http://127.0.0.1:PORT/?token=TOKEN

const rules = new Aggregate<number, number>({ id: 'rules', inspect: inspector.inspect })
inspector.watch(rules) // its status as well: calls in flight, and what is wanted

const double = inProcess({ module: { call: (n: number) => n * 2 } })
rules.addVersion('1.0.0', double.provision({ id: 'rules', version: '1.0.0' }))
rules.start()
await rules.setVersion('1.0.0')
await once(process, 'SIGINT') // until Ctrl+C
await rules.dispose()
