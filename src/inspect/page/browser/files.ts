/** Gives the user a text as a file. */
export function saveFile(name: string, text: string, type = 'application/x-ndjson'): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Not at once: the browser has only been asked to fetch it.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Puts a text into the clipboard. @returns whether the browser let it */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Not asked for by a click, or a page that came without encryption from another machine.
    return false
  }
}

/** A file dropped anywhere is opened. */
export function acceptDrops(page: Document, open: (file: File) => void): void {
  page.addEventListener('dragover', event => event.preventDefault())
  page.addEventListener('drop', event => {
    event.preventDefault()
    const file = event.dataTransfer?.files[0]
    if (file !== undefined) open(file)
  })
}
