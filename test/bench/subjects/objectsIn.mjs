// Prints how many bytes of a heap snapshot are neither code nor V8's own.
import { readFileSync } from 'node:fs'

const { nodes, snapshot } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const { node_fields: fields, node_types: types } = snapshot.meta
const [type, size] = [fields.indexOf('type'), fields.indexOf('self_size')]
let bytes = 0
for (let at = 0; at < nodes.length; at += fields.length) {
  if (!['code', 'hidden'].includes(types[type][nodes[at + type]])) bytes += nodes[at + size]
}
process.stdout.write(`${bytes}`)
