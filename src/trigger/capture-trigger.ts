export const CAPTURE_TRIGGERS = ['trend', 'schedule', 'demand'] as const;
export type CaptureTrigger = (typeof CAPTURE_TRIGGERS)[number];
