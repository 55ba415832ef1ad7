import type { ComponentChildren } from "preact";

interface PageHeadProps {
  readonly title: string;
  readonly intro?: string;
  /** Buttons of the whole page. */
  readonly children?: ComponentChildren;
}

/** The top of a page. The heading takes the focus when the page is entered, so that screen readers say it. */
export function PageHead({ title, intro, children }: PageHeadProps) {
  return (
    <header class="page-head">
      <div>
        <h1 id="page-title" tabIndex={-1}>
          {title}
        </h1>
        {intro === undefined ? null : <p class="intro">{intro}</p>}
      </div>
      {children}
    </header>
  );
}
