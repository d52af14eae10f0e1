/** What an antenna does besides hearing adverts; nothing here. */
export const idleEars = {
  adapterAdded() {},
  adapterRemoved() {},
  adapterChanged() {},
  ownerChanged() {},
  monitorActivated() {},
  monitorReleased() {},
  closed() {},
}
