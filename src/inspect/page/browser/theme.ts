/** Light or dark: as the system prefers, until the user chooses. */
export interface Theme {
  current(): 'light' | 'dark'
  toggle(): void
}

const STORAGE_KEY = 'cutover.theme'

/** Sets the theme of the document, and stores the user's choice in the browser. */
export function createTheme(changed: () => void): Theme {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const root = document.documentElement
  const chosen = load()
  if (chosen !== null) root.dataset['theme'] = chosen
  const current = () => {
    const theme = root.dataset['theme']
    return theme === 'light' || theme === 'dark' ? theme : dark.matches ? 'dark' : 'light'
  }
  dark.addEventListener('change', changed)
  return {
    current,
    toggle: () => {
      const theme = current() === 'dark' ? 'light' : 'dark'
      root.dataset['theme'] = theme
      save(theme)
      changed()
    },
  }
}

function load(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY)
  } catch {
    return null
  }
}

function save(theme: string): void {
  try {
    localStorage.setItem(STORAGE_KEY, theme)
  } catch {
    // Without storage, the choice lasts until the page is closed.
  }
}
