import { createWebSocketInspector } from '@statelyai/inspect'
import { createInspectorServer } from '@statelyai/inspect/server'
import { Aggregate } from 'cutover'
import { inProcess } from 'cutover/hosts'

const atTerminal = process.stdout.isTTY
const port = Number(process.argv[2] ?? 8080)
createInspectorServer({ port, autoOpen: atTerminal }) // on every interface, without a password
const { inspect } = createWebSocketInspector({ url: `ws://localhost:${port}` })

// The same inspector for the aggregate and for the hosts: one tree.
const greeters = inProcess({ module: { call: (name: string) => `Hello ${name}` }, inspect })
const greeter = new Aggregate<string, string>({ id: 'greeter', inspect })
for (const version of ['1.0.0', '2.0.0']) {
  greeter.addVersion(version, greeters.provision({ id: 'greeter', version }))
}
greeter.start()
await greeter.setVersion('1.0.0', '2.0.0')
await greeter.whenRunning({ version: '2.0.0' })
console.log(await greeter.setVersion('2.0.0')) // { active: '2.0.0', next: null }
await greeter.dispose()

// The relay keeps the program alive, and what it has heard.
if (atTerminal) console.log(`Look at http://localhost:${port}, and end with Ctrl-C.`)
else process.exit()
