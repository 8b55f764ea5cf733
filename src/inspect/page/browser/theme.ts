/** Light or dark: what the system prefers, until the user chooses. */
export interface Theme {
  current(): 'light' | 'dark'
  toggle(): void
}

const KEY = 'cutover.theme'

/** Keeps the document's theme; the choice is remembered by the browser, if it remembers anything. */
export function createTheme(changed: () => void): Theme {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const root = document.documentElement
  const chosen = recall()
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
      remember(theme)
      changed()
    },
  }
}

function recall(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

function remember(theme: string): void {
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // A browser without storage: the choice holds until the page is closed.
  }
}
