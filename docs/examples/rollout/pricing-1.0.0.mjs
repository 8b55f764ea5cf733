export const call = ({ sku }) => ({ sku, total: sku === 'A1' ? 100 : 10 })
