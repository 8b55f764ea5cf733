import { useEffect, useState } from 'preact/hooks'
import { copyText, saveFile } from '../browser/files.js'
import type { Chart } from './chart.js'
import { mermaidOf } from './diagram.js'

const TOLD_FOR = 2_000

/** The diagram of a statechart as Mermaid text: to the clipboard, or into a file. */
export function DiagramButtons({ chart, name }: { readonly chart: Chart; readonly name: string }) {
  const [told, tell] = useState('')
  useEffect(() => {
    if (told === '') return
    const timer = setTimeout(() => tell(''), TOLD_FOR)
    return () => clearTimeout(timer)
  }, [told])
  const give = async (to: (text: string) => Promise<string>) => {
    const text = mermaidOf(chart)
    tell(text === undefined ? 'Cannot be written' : await to(text))
  }
  const copy = async (text: string) => ((await copyText(text)) ? 'Copied' : 'Not allowed: download it')
  const download = async (text: string) => {
    saveFile(`${name.replaceAll(/[^\w.-]+/g, '-')}.mmd`, text, 'text/plain')
    return 'Downloaded'
  }
  return (
    <span class="diagram">
      <span role="status">{told}</span>
      <button type="button" class="small" title="As Mermaid text" onClick={() => void give(copy)}>
        Copy diagram
      </button>
      <button
        type="button"
        class="small"
        title="As a file of Mermaid text"
        aria-label="Download diagram (.mmd)"
        onClick={() => void give(download)}
      >
        .mmd
      </button>
    </span>
  )
}
