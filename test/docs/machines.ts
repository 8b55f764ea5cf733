/** `npm run docs:machines`: writes the pages, tables and diagrams generated from the machines. */
import { readFile, writeFile } from 'node:fs/promises'
import { GENERATED } from './machinePages.js'

for (const { path, update } of GENERATED) {
  const current = await readFile(path, 'utf8').catch(() => '')
  await writeFile(path, update(current))
}
