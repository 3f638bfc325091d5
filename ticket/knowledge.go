package ticket

// Workflows, activities and the query that keep the knowledge base.
const (
	KnowledgeWorkflow = "KnowledgeWorkflow"
	LearnWorkflow     = "LearnWorkflow"

	ActivityBeginKnowledge  = "BeginKnowledge"
	ActivityEmbedKnowledge  = "EmbedKnowledge"
	ActivityFinishKnowledge = "FinishKnowledge"
	ActivityProposeArticles = "ProposeArticles"

	// QueryProgress asks KnowledgeWorkflow how far it is.
	QueryProgress = "progress"
)

// ScheduleLearn proposes articles from what people answered.
const ScheduleLearn = "knowledge-proposals"

// KnowledgeWorkflowID names the run that puts articles into use; plan is the
// hash of them and of the embedding model, so that no two do the same at once.
func KnowledgeWorkflowID(plan string) string {
	return "knowledge/" + plan[:min(len(plan), 16)]
}

// KnowledgeInput starts KnowledgeWorkflow. It has no choices: what is put into
// use are the articles that are stored and approved when it begins.
type KnowledgeInput struct{}

// KnowledgeProgress is the answer of QueryProgress, and the result of
// KnowledgeWorkflow.
type KnowledgeProgress struct {
	Version  int64 `json:"version"`
	Articles int   `json:"articles"`
	Chunks   int   `json:"chunks"`
	Done     int   `json:"done"`     // chunks that are stored
	Embedded int   `json:"embedded"` // chunks that the model was asked about
	Live     bool  `json:"live"`
	// Unchanged means that nothing was to do.
	Unchanged bool `json:"unchanged,omitempty"`
}

// BeginKnowledgeInput asks for a version of the articles that hold now.
type BeginKnowledgeInput struct{}

// BeginKnowledgeResult is a version that is not live yet; with Unchanged the
// one that is.
type BeginKnowledgeResult struct {
	Version   int64 `json:"version"`
	Articles  int   `json:"articles"`
	Chunks    int   `json:"chunks"`
	Unchanged bool  `json:"unchanged,omitempty"`
}

// EmbedKnowledgeInput names chunks of a version: From, up to and without To.
type EmbedKnowledgeInput struct {
	Version int64 `json:"version"`
	From    int   `json:"from"`
	To      int   `json:"to"`
}

// EmbedKnowledgeResult says how many the model was asked about. Moved means
// that the version cannot be gone on with.
type EmbedKnowledgeResult struct {
	Embedded int  `json:"embedded"`
	Moved    bool `json:"moved,omitempty"`
}

// FinishKnowledgeInput names a version whose chunks are all stored.
type FinishKnowledgeInput struct {
	Version int64 `json:"version"`
}

// FinishKnowledgeResult says whether it is live. Moved means that the articles
// have changed since it was begun.
type FinishKnowledgeResult struct {
	Moved bool `json:"moved,omitempty"`
}

// LearnInput starts LearnWorkflow.
type LearnInput struct{}

// ProposeArticlesInput asks to look at resolved tickets.
type ProposeArticlesInput struct{}

// ProposeArticlesResult counts what was looked at. It is the result of
// LearnWorkflow, too.
type ProposeArticlesResult struct {
	Tickets  int `json:"tickets"`
	Proposed int `json:"proposed"`
	Skipped  int `json:"skipped"`
}
