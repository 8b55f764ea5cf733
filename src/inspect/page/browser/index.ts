/** The page's use of the browser. */
export { acceptDrops, copyText, saveFile } from './files.js'
export { listenToKeys } from './keys.js'
export { oncePerFrame } from './oncePerFrame.js'
export { createTheme } from './theme.js'
export { useSize } from './useSize.js'
