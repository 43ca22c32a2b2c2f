#pragma once

#include "rapport/domain/sales_stage.hpp"

namespace rapport {

/// Whether an agent may move a lead from one stage to another. The one table of
/// docs/conversation.md: forward by any number of stages, on hold from every open stage and back
/// into the pipeline from there, won or lost from every open one. Won and lost are final: only a
/// person reopens them (LeadRepository::update_stage, `rapport lead stage`).
bool may_move(SalesStage from, SalesStage to);

}  // namespace rapport
