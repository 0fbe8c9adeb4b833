// SPDX-License-Identifier: BSL-1.0
#include "recipes.hpp"

#include <lamina/error.hpp>
#include <lamina/serialize/safetensors_file.hpp>
#include <lamina/train/optimizers.hpp>

#include <libdeflate.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <span>

namespace lamina::cli {

namespace {

using json = nlohmann::ordered_json;

constexpr const char* plan_key = "run";

/// Calls visit(name, member) for each member.
template <class Recipe, class Visit>
void each_member(Recipe& how, const Visit& visit) {
  visit("name", how.name);
  visit("epochs", how.epochs);
  visit("batch", how.batch);
  visit("initializer", how.initializer);
  visit("optimizer", how.optimizer);
  visit("learning_rate", how.learning_rate);
  visit("weight_decay", how.weight_decay);
  visit("schedule", how.schedule);
  visit("warm_up", how.warm_up);
  visit("label_smoothing", how.label_smoothing);
  visit("average", how.average);
  visit("clip_norm", how.clip_norm);
  visit("class_weights", how.class_weights);
  visit("patience", how.patience);
  visit("keep_best", how.keep_best);
  visit("augmentation", how.augmentation);
}

recipe named_recipe(const model_options& model, const train_words& words) {
  const auto& own = model.recipes;
  if (words.recipe.empty() && !own.empty()) return own.front();
  const auto found = std::find_if(own.begin(), own.end(),
                                  [&](const recipe& each) { return each.name == words.recipe; });
  if (found != own.end()) return *found;
  if (!words.recipe.empty() && words.recipe != "course") {
    std::string names = "course";
    for (const recipe& each : own) names += ", " + each.name;
    throw error(words.model + ": expected one of its recipes (" + names + "), found " +
                words.recipe);
  }
  return {.name = "course",
          .epochs = model.epochs,
          .batch = model.batch,
          .optimizer = model.optimizer,
          .learning_rate = model.learning_rate};
}

template <class Value>
void set(Value& value, const std::optional<Value>& word) {
  if (word) value = *word;
}

std::uint32_t add_to_check(std::uint32_t sum, std::span<const std::uint8_t> bytes) {
  return libdeflate_crc32(sum, bytes.data(), bytes.size());
}

}  // namespace

recipe recipe_of(const model_options& model, const train_words& words) {
  recipe how = named_recipe(model, words);
  if (words.optimizer && *words.optimizer != how.optimizer) {
    const auto optimizer = any_optimizer::named(*words.optimizer);
    how.optimizer = *words.optimizer;
    how.learning_rate = optimizer.learning_rate();
    how.weight_decay = optimizer.weight_decay();
  }
  set(how.epochs, words.epochs);
  set(how.batch, words.batch);
  set(how.initializer, words.initializer);
  set(how.learning_rate, words.learning_rate);
  set(how.weight_decay, words.weight_decay);
  set(how.schedule, words.schedule);
  set(how.warm_up, words.warm_up);
  set(how.label_smoothing, words.label_smoothing);
  set(how.average, words.average);
  set(how.clip_norm, words.clip_norm);
  set(how.patience, words.patience);
  set(how.augmentation, words.augment);
  how.class_weights |= words.class_weights;
  how.keep_best |= words.keep_best;
  if (how.weight_decay > 0 && how.optimizer != "adamw")
    throw error("--weight-decay: expected the optimizer adamw, found " + how.optimizer);
  if ((how.patience > 0 || how.keep_best) && words.validation == 0)
    throw error(std::string(how.keep_best ? "--keep-best" : "--patience") +
                ": expected --validation to choose by, found none");
  return how;
}

augment_plan augmentation_of(const model_options& model, const recipe& how) {
  if (!how.augmentation) return {};
  const bool course = how.name == "course" && !model.course_augmentation.empty();
  const auto& plan = course ? model.course_augmentation : model.augmentation;
  if (plan.empty())
    throw error("--augment: expected a model with an augmentation policy, found none");
  return plan;
}

json json_of(const recipe& how) {
  json all;
  each_member(how, [&](const char* name, const auto& value) { all[name] = value; });
  return all;
}

std::string check_of(const dataset& images) {
  const auto sum = add_to_check(add_to_check(0, images.pixels), images.labels);
  return std::to_string(images.size()) + " images with the sum " + std::to_string(sum);
}

std::map<std::string, std::string> metadata_of(const run_plan& plan) {
  const json all{{"model", plan.model},
                 {"seed", plan.seed},
                 {"validation", plan.validation},
                 {"recipe", json_of(plan.how)},
                 {"data", plan.data}};
  return {{plan_key, all.dump()}};
}

run_plan read_plan(const std::filesystem::path& checkpoint) {
  const auto file = safetensors_file::read(checkpoint.string());
  const auto found = file.metadata().find(plan_key);
  if (found == file.metadata().end())
    throw error(file.name() + ": expected the checkpoint of `lamina train`, found no \"" +
                plan_key + "\" in the metadata");
  try {
    const auto all = json::parse(found->second);
    run_plan plan{.model = all.at("model"),
                  .seed = all.at("seed"),
                  .validation = all.at("validation"),
                  .data = all.at("data")};
    each_member(plan.how,
                [&](const char* name, auto& value) { all.at("recipe").at(name).get_to(value); });
    return plan;
  } catch (const nlohmann::json::exception&) {
    throw error(file.name() + ": metadata: expected what a run is, found " +
                detail::printable(found->second));
  }
}

}  // namespace lamina::cli
