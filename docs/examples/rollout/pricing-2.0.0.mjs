const RATE = 0.19

export const call = ({ sku }) => ({ sku, total: Math.round((sku === 'A1' ? 100 : 10) * (1 + RATE)) })
