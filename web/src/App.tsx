import { SupportPage } from "./form/SupportPage";
import { pageOf, usePath } from "./navigation";
import { TicketPage } from "./ticket/TicketPage";
import { NotFound } from "./ui/NotFound";
import { Shell } from "./ui/Shell";

export function App() {
  const page = pageOf(usePath());
  switch (page.name) {
    case "form":
      return (
        <Shell>
          <SupportPage />
        </Shell>
      );
    case "ticket":
      return (
        <Shell back>
          <TicketPage key={page.id} id={page.id} />
        </Shell>
      );
    case "unknown":
      return (
        <Shell back>
          <NotFound title="We could not find this page">
            The address may be mistyped, or the page is no longer there.
          </NotFound>
        </Shell>
      );
  }
}
