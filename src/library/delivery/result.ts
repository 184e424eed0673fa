/** What became of a report. */
export interface DeliveryResult {
  readonly outcome: 'sent' | 'suppressed' | 'queued' | 'refused' | 'too-large'
  readonly reportId: string
  readonly at: number
  /** Why, in words. */
  readonly reason: string
  readonly bytes: Uint8Array
}
