/** Runs a {@link SwitchingLoad} for as many seconds as each message says, and answers with its calls/s. */
import { SwitchingLoad } from './switchingLoad.js'

const load = new SwitchingLoad()
await load.start()
process.on('message', async (seconds: number) => {
  process.send?.(await load.run(seconds))
})
process.once('disconnect', () => load[Symbol.asyncDispose]())
process.send?.(0)
