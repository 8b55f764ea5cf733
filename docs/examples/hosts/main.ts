import { Aggregate } from 'cutover'
import { childProcess, workerThread } from 'cutover/hosts'

const module = new URL('../../../../docs/examples/hosts/rules.mjs', import.meta.url)
const processes = childProcess({ module })
const threads = workerThread({ module })

const rules = new Aggregate<{ amount: number }, number>({ id: 'rules' })
rules.addVersion('1.0.0', threads.provision({ id: 'rules', version: '1.0.0', localConfig: { rate: 0.19 } }))
rules.addVersion('2.0.0', processes.provision({ id: 'rules', version: '2.0.0', localConfig: { rate: 0.21 } }))
rules.start()

await rules.setVersion('1.0.0', '2.0.0')
console.log(await rules.call({ amount: 100 })) // 19
await rules.whenRunning({ version: '2.0.0' })
await rules.setVersion('2.0.0')
console.log(await rules.call({ amount: 100 })) // 21
await rules.dispose()
