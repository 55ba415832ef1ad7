/** The system's own accounts, which the migration makes. */
export const OUTSIDE_ACCOUNT = 1;
export const FEES_ACCOUNT = 2;
