import { Composite } from 'cutover/composite'
import { inProcess } from 'cutover/hosts'

const hosts = inProcess({ module: ({ version }) => ({ call: (request: string) => `${version} got ${request}` }) })
const provision = (version: string) => hosts.provision<string, string>({ id: 'oracle', version })

const oracle = new Composite<string, string>({
  id: 'oracle',
  propagate: request => request === 'a new block', // such requests go to all components
})
oracle.addVersion('ronl', '1.0.0', provision('1.0.0')) // answers the calls
oracle.addVersion('rofl.prices', '3.1.0', provision('3.1.0')) // runs beside it
oracle.start()
await oracle.setVersion('ronl', '1.0.0')
await oracle.setVersion('rofl.prices', '3.1.0')

console.log(await oracle.call('a new block')) // 1.0.0 got a new block
console.log(await oracle.component('rofl.prices')?.call('a question')) // 3.1.0 got a question

oracle.addVersion('rofl.prices', '3.2.0', provision('3.2.0'))
console.log(await oracle.setVersion('rofl.prices', '3.2.0')) // { active: '3.2.0', next: null }
await oracle.dispose()
