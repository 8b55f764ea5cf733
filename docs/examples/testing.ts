import { Aggregate } from 'cutover'
import { ControllableRuntime, SimulatedClock } from 'cutover/testing'

const clock = new SimulatedClock()
const aggregate = new Aggregate({ id: 'rules', clock })
const runtime = new ControllableRuntime({ id: 'rules', version: '1.0.0' })
aggregate.addVersion('1.0.0', runtime)
aggregate.start()
await aggregate.setVersion('1.0.0')
runtime.emitStarted()

const answer = aggregate.call('request')
runtime.answerAll(request => `answer to ${request}`)
console.log(await answer) // answer to request

const disposed = aggregate.dispose() // the runtime never emits stopped, so the
clock.increment(30_000) // aggregate gives it up after stopTimeout
await disposed
