import { expect, it } from 'vitest'
import { formatJson } from '../../../src/inspect/page/data/text.js'
import { orderedSnapshot } from '../../../src/inspect/page/panels/orderedSnapshot.js'

it('A snapshot has its state and context first, its children last, and no empty fields', () => {
  const child = { xstate$$type: 1, id: 'version 1.0.0' }
  const snapshot = {
    children: { 'version 1.0.0': child },
    historyValue: {},
    tags: [],
    status: 'active',
    context: { ref: child, none: null },
    value: { running: 'settled' },
    own: 1,
  }
  expect(formatJson(orderedSnapshot(snapshot)).split('\n')).toEqual([
    '{',
    '  "value": {',
    '    "running": "settled"',
    '  },',
    '  "context": {',
    '    "ref": "[actor version 1.0.0]",',
    '    "none": null',
    '  },',
    '  "status": "active",',
    '  "own": 1,',
    '  "children": [',
    '    "version 1.0.0"',
    '  ]',
    '}',
  ])
})

it('The snapshot of a promise keeps its output, also null', () => {
  expect(orderedSnapshot({ output: null, status: 'done' })).toEqual({ output: null, status: 'done' })
})
