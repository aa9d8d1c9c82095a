// How strengths grow over the time of a walk or of a part of a timeline.

export const EASINGS = ["linear", "smooth"];

/** Progress, 0 to 1, at a share of the time. */
export const eased = (share, easing) => (easing === "linear" ? share : share * share * (3 - 2 * share));
