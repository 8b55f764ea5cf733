/** The statechart of an actor: parsed, laid out and drawn. */
export { layoutChart } from './chartLayout.js'
export { ChartPanel } from './chartPanel.js'
export { createElkWorker, loadElk } from './elkWorker.js'
export { LayoutCache } from './layoutCache.js'
export { createLayoutEngine } from './layoutEngine.js'
export { measureText } from './measureText.js'
export { type OwnLayouts, ownLayoutFinder } from './ownLayouts.js'
