import { expect, it } from 'vitest'
import { shownSnapshot } from '../../../src/inspect/page/panels/orderedSnapshot.js'
import { jsonText } from '../../../src/inspect/page/panels/rows.js'

it('A snapshot is shown with its state and context first, children last, and without what is empty', () => {
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
  expect(jsonText(shownSnapshot(snapshot)).split('\n')).toEqual([
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

it('A snapshot of a promise keeps its output, whatever that is', () => {
  expect(shownSnapshot({ output: null, status: 'done' })).toEqual({ output: null, status: 'done' })
})
