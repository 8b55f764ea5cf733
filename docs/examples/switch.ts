import { Aggregate } from 'cutover'
import { inProcess } from 'cutover/hosts'

// One module for every version. It can also be a file, and run in a worker thread or a process of its own.
const greeters = inProcess({ module: ({ version }) => ({ call: (name: string) => `${version} greets ${name}` }) })

const greeter = new Aggregate<string, string>({ id: 'greeter' })
greeter.addVersion('1.0.0', greeters.provision({ id: 'greeter', version: '1.0.0' }))
greeter.addVersion('2.0.0', greeters.provision({ id: 'greeter', version: '2.0.0' }))
greeter.start()

await greeter.setVersion('1.0.0', '2.0.0') // 1.0.0 serves, 2.0.0 starts in advance
console.log(await greeter.call('Ada')) // 1.0.0 greets Ada

await greeter.whenRunning({ version: '2.0.0' }) // until 2.0.0 runs, 1.0.0 keeps serving
const switched = greeter.setVersion('2.0.0') // 1.0.0 drains and stops, 2.0.0 takes over
console.log(await greeter.call('Grace')) // 2.0.0 greets Grace
console.log(await switched) // { active: '2.0.0', next: null }

await greeter.dispose()
