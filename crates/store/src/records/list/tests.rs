use weft_types::ProjectName;
use weft_workflow_engine::port::records::RunFilter;

use super::Page;

/// As many runs as a page of the API has at most.
const LARGEST_PAGE: usize = 1000;

#[test]
fn the_largest_page_can_be_asked_for_with_one_more() {
    let project: ProjectName = "default".parse().unwrap();
    let filter = RunFilter::default();
    let limit = |limit| {
        let page = Page {
            project: &project,
            filter: &filter,
            before: None,
            limit,
        };
        page.limit()
    };
    assert_eq!(
        limit(LARGEST_PAGE + 1),
        1001,
        "whether there are more would not show"
    );
    assert_eq!(limit(usize::MAX), 1001);
    assert_eq!(limit(50), 50);
}
