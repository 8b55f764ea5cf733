/** Saves a text as a file of the user. */
export function saveFile(name: string, text: string, type = 'application/x-ndjson'): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser starts the download after this call, and still needs the URL then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Copies a text to the clipboard. @returns whether the browser allowed it */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // The browser allows it only after a click, and only on a page from loopback or by https.
    return false
  }
}

/** Opens a file that the user drops on the page. */
export function acceptDrops(page: Document, open: (file: File) => void): void {
  page.addEventListener('dragover', event => event.preventDefault())
  page.addEventListener('drop', event => {
    event.preventDefault()
    const file = event.dataTransfer?.files[0]
    if (file !== undefined) open(file)
  })
}
