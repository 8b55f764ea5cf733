import { inProcess, pool } from 'cutover/hosts'

interface Body {
  readonly kind: string
}

const instances = inProcess({
  module: ({ instance }) => ({ call: ({ kind }: Body) => `instance ${instance} got ${kind}` }),
})

// Queries go to one instance each, in turn. Broadcast requests go to all instances. The rest has one key: it goes to one instance.
const propagated = new Set(['RuntimeConsensusSyncRequest', 'RuntimeKeyManagerStatusUpdateRequest'])
const balanced = pool(instances, { size: 3, broadcast: ({ kind }: Body) => propagated.has(kind) })
const runtime = balanced.provision<Body, string>({ id: 'ledger', version: '1.0.0' })
const callBalanced = (body: Body) => runtime.call(body, body.kind === 'RuntimeQueryRequest' ? {} : { key: 'first' })

runtime.start()
const query = { kind: 'RuntimeQueryRequest' }
console.log(await Promise.all([query, query, query].map(callBalanced)))
console.log(await callBalanced({ kind: 'RuntimeConsensusSyncRequest' }))
const block = { kind: 'RuntimeExecuteTxBatchRequest' }
console.log(new Set(await Promise.all([block, block, block].map(callBalanced))).size, 'instance got the blocks')
await runtime.stop()
