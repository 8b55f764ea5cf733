/** Limits calls of a function to one per frame. */
export function oncePerFrame(act: () => void): () => void {
  let isRequested = false
  return () => {
    if (isRequested) return
    isRequested = true
    requestAnimationFrame(() => {
      isRequested = false
      act()
    })
  }
}
