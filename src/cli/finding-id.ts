/** Of any version of the service: the ID becomes a part of a path. */
export const FINDING_ID = /^lw-[0-9a-f]{1,40}$/;
export const FINDING_ID_EXAMPLE = "such as 'lw-0123456789abcdef'";
