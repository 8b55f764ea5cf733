import { Aggregate } from 'cutover'
import { inProcess } from 'cutover/hosts'

// Makes the versions of one runtime. A module may also be a file, given by its URL.
const greeters = inProcess({
  module: ({ version }) => ({ call: (name: string) => `${version} greets ${name}` }),
})

const greeter = new Aggregate<string, string>({ id: 'greeter' })
for (const version of ['1.0.0', '2.0.0']) {
  greeter.addVersion(version, greeters.provision({ id: 'greeter', version }))
}
greeter.start()

await greeter.setVersion('1.0.0', '2.0.0') // 1.0.0 is to serve, 2.0.0 starts in advance
console.log(await greeter.call('Ada')) // 1.0.0 greets Ada

await greeter.whenRunning({ version: '2.0.0' }) // had it failed to start, 1.0.0 would go on
const switched = greeter.setVersion('2.0.0')
console.log(await greeter.call('Grace')) // 2.0.0 greets Grace
console.log(await switched) // { active: '2.0.0', next: null }

await greeter.dispose()
