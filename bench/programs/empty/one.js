export const one = 'one'
