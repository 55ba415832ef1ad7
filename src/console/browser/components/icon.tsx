/** Icons of 16 × 16, drawn with the colour and the width of the text around them. Decoration: labels say it all. */
const PATHS = {
  alert: "M8 5v4M8 11.2v.3M8 1.8 15 14H1z",
  arrow: "M3 8h10M9 4l4 4-4 4",
  bank: "M2 6.5 8 3l6 3.5zM3.5 6.5v5M8 6.5v5M12.5 6.5v5M2 13.5h12",
  box: "M2.5 5 8 2l5.5 3v6L8 14l-5.5-3zM2.5 5 8 8l5.5-3M8 8v6",
  card: "M1.5 3.5h13v9h-13zM1.5 6.5h13M4 10h3",
  chart: "M2 2v12h12M5 10l2.5-3 2 2L14 4",
  check: "M3 8.5 6.5 12 13 4.5",
  clock: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 1 0 8 1.8M8 4.5V8l2.5 1.5",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  cross: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 1 0 8 1.8M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4",
  done: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 1 0 8 1.8M5 8.2l2.1 2.1L11 6.2",
  inbox: "M2 9l2-6h8l2 6v4.5H2zM2 9h3.5l1 2h3l1-2H14",
  key: "M9.5 6.5 14 2M12 4l1.5 1.5M5.5 7a3.5 3.5 0 1 0 0 7 3.5 3.5 0 1 0 0-7z",
  list: "M5.5 4h9M5.5 8h9M5.5 12h9M2 4h.5M2 8h.5M2 12h.5",
  menu: "M2 4h12M2 8h12M2 12h12",
  moon: "M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1z",
  send: "M14 2 1.5 6.5 7 9l2.5 5.5zM14 2 7 9",
  sliders: "M2 4.5h7M12.5 4.5H14M2 11.5h1.5M7 11.5h7M9 2.5v4M12.5 2.5v4H9v-4zM3.5 9.5H7v4H3.5z",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 1 0 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  system: "M1.5 2.5h13v9h-13zM5.5 14h5M8 11.5V14",
  trash: "M2.5 4h11M6 4V2h4v2M4 4l.7 10h6.6L12 4",
  wallet: "M2 4.5h11.5v9H2zM2 4.5 11 2v2.5M10.5 9h.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
