// SPDX-License-Identifier: BSL-1.0
#include <lamina/program/command_line.hpp>

#include <lamina/error.hpp>
#include <lamina/io/picture_folder.hpp>
#include <lamina/train/initializers.hpp>
#include <lamina/train/optimizers.hpp>
#include <lamina/train/schedules.hpp>

#include "commands.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <new>
#include <set>
#include <string>

namespace lamina::cli {

namespace {

const auto program_start = std::chrono::steady_clock::now();

constexpr int done = 0, failed = 1, wrong_usage = 2;
constexpr int most_epochs = 1'000'000, most_images = 1 << 20, most_threads = 1024;
constexpr int most_samples = 500;

/// The commands of the program, with what they were told.
class parser {
 public:
  explicit parser(const model_registry& models) : models_(models) {
    for (const auto& [name, model] : models) names_.push_back(name);
    app_.require_subcommand(1);
    add_train();
    add_evaluate();
    add_predict();
    add_augment();
    add_summary();
    add_data();
  }

  /// The command to be run; throws CLI::ParseError.
  std::function<void()> parse(int argc, const char* const* argv) {
    app_.parse(argc, argv);
    return command_;
  }

  /// One line, that of the command that was begun.
  std::string usage() const {
    for (const auto& [command, line] : usage_)
      if (command->parsed()) return "usage: lamina " + line;
    return "usage: lamina train|evaluate|predict|augment|summary|data … (lamina --help)";
  }

  int exit(const CLI::ParseError& what) const { return app_.exit(what); }

 private:
  CLI::App* add(CLI::App& to, const std::string& name, const std::string& description,
                const std::string& usage, std::function<void()> run) {
    auto* const command = to.add_subcommand(name, description);
    command->callback([this, run] { command_ = run; });
    usage_.emplace_back(command, usage);
    return command;
  }

  CLI::Option* add_model(CLI::App* command, std::string& model) const {
    return command->add_option("MODEL", model, "one of the models")
        ->required()
        ->check(CLI::IsMember(names_));
  }

  /// Of any model; which has which is said when one is chosen.
  std::set<std::string> recipe_names() const {
    std::set<std::string> names{"course"};
    for (const auto& [name, each] : models_)
      for (const recipe& own : each.options.recipes) names.insert(own.name);
    return names;
  }

  static void add_data_folder(CLI::App* command, std::filesystem::path& folder) {
    command->add_option("--data", folder, "folder of the images, else $LAMINA_DATA or the cache");
  }

  /// Unlike CLI::Range this refuses infinity and what is no number.
  static CLI::Validator number(const std::string& rule, bool (*accepts)(double)) {
    return {[rule, accepts](const std::string& text) {
              const double value = std::strtod(text.c_str(), nullptr);
              const bool right = std::isfinite(value) && accepts(value);
              return right ? "" : "expected a number " + rule + ", found " + text;
            },
            "NUMBER"};
  }

  static void add_json(CLI::App* command, bool& json) {
    command->add_flag("--json", json, "one JSON document on standard output");
  }

  void add_train() {
    auto* const command =
        add(app_, "train", "trains a network and writes it into a folder",
            "train MODEL [--data DIR] [--recipe NAME] [--epochs N] [--batch N] [--seed N] "
            "[--optimizer NAME] [--learning-rate X] [--schedule NAME] [--augment | "
            "--no-augment] [--validation F] "
            "[--threads N] [--out DIR] [--resume] [--json] (lamina train --help has more)",
            [this] { train(models_, train_); });
    add_model(command, train_.model);
    add_data_folder(command, train_.data);
    add_plan(command);
    command->add_option("--threads", train_.threads, "else one a core")
        ->check(CLI::Range(1, most_threads));
    command->add_option("--out", train_.out, "folder of the run, else runs/MODEL");
    add_json(command, train_.json);
  }

  /// What a run remembers, so that --resume stands alone.
  void add_plan(CLI::App* command) {
    auto* const resume = command->add_flag("--resume", train_.resume,
                                           "go on after the last epoch of an interrupted run");
    const auto before = command->get_options().size();
    add_recipe(command);
    add_regularisation(command);
    command->add_option("--seed", train_.seed, "of weights, order and dropout")
        ->check(CLI::Validator(
            [](const std::string& text) {
              return text.find_first_not_of("0123456789") == text.npos && text.size() < 20
                         ? ""
                         : "expected a number from 0 on of at most 19 digits, found " + text;
            },
            "N"));
    command->add_option("--validation", train_.validation, "part of the training images held back")
        ->check(number("from 0 to below 1", part));
    for (std::size_t i = before; i < command->get_options().size(); ++i)
      resume->excludes(command->get_options()[i]);
  }

  void add_recipe(CLI::App* command) {
    const std::vector<std::string> optimizers(any_optimizer::names.begin(),
                                              any_optimizer::names.end());
    const std::vector<std::string> schedules(schedule_names.begin(), schedule_names.end());
    command->add_option("--recipe", train_.recipe, "where the defaults of what follows come from")
        ->check(CLI::IsMember(recipe_names()));
    command->add_option("--epochs", train_.epochs, "passes over the training images")
        ->check(CLI::Range(1, most_epochs));
    command->add_option("--batch", train_.batch, "images of a step")
        ->check(CLI::Range(1, most_images));
    const std::vector<std::string> initializers(initializer_names.begin(), initializer_names.end());
    command->add_option("--initializer", train_.initializer, "how the weights begin")
        ->check(CLI::IsMember(initializers));
    command->add_option("--optimizer", train_.optimizer, "by name, with its defaults")
        ->check(CLI::IsMember(optimizers));
    command->add_option("--learning-rate", train_.learning_rate, "of the optimizer")
        ->check(number("above 0", [](double x) { return x > 0; }));
    command->add_option("--schedule", train_.schedule, "how the rate moves during the run")
        ->check(CLI::IsMember(schedules));
    command->add_flag(
        "--augment,!--no-augment", [this](std::int64_t count) { train_.augment = count > 0; },
        "change the training images by the model's policy");
    command->add_option("--warm-up", train_.warm_up, "epochs in which the rate rises to begin with")
        ->check(number("from 0 on", not_negative));
  }

  void add_regularisation(CLI::App* command) {
    command->add_option("--weight-decay", train_.weight_decay, "of adamw")
        ->check(number("from 0 on", not_negative));
    command->add_option("--label-smoothing", train_.label_smoothing)
        ->check(number("from 0 to below 1", part));
    command->add_option("--average", train_.average, "decay of the moving average of the weights")
        ->check(number("from 0 to below 1", part));
    command->add_option("--clip-norm", train_.clip_norm, "of all gradients together")
        ->check(number("from 0 on", not_negative));
    command->add_flag("--class-weights", train_.class_weights, "let each class count alike");
    command
        ->add_option("--patience", train_.patience,
                     "epochs without a smaller validation loss after which to stop")
        ->check(CLI::Range(1, most_epochs));
    command->add_flag("--keep-best", train_.keep_best,
                      "end with the weights of the smallest validation loss");
  }

  static bool part(double x) { return x >= 0 && x < 1; }
  static bool not_negative(double x) { return x >= 0; }

  void add_evaluate() {
    auto* const command =
        add(app_, "evaluate", "accuracy, per-class table and confusion matrix of a run",
            "evaluate RUN [--data DIR] [--json]", [this] { evaluate(models_, evaluate_); });
    command->add_option("RUN", evaluate_.run, "folder of a run")->required();
    add_data_folder(command, evaluate_.data);
    add_json(command, evaluate_.json);
  }

  void add_predict() {
    auto* const command = add(
        app_, "predict", "answers for PNG or JPEG pictures, folders of them, or for test images",
        "predict RUN IMAGE... [--test N] [--data DIR] [--top K] [--show] [--json]",
        [this] { predict(models_, predict_); });
    command->add_option("RUN", predict_.run, "folder of a run")->required();
    auto* const images = command->add_option("IMAGE", predict_.images, "pictures of any size");
    auto* const test = command->add_option("--test", predict_.test, "the first N test images");
    test->check(CLI::Range(1, most_images));
    add_data_folder(command, predict_.data);
    command->add_option("--top", predict_.top, "so many classes for each image")
        ->check(CLI::Range(1, most_images));
    command->add_flag("--show", predict_.show, "draw what the network sees");
    add_json(command, predict_.json);
    command->callback([this, images, test] {
      if (images->count() + test->count() == 0) throw CLI::RequiredError("IMAGE or --test");
      command_ = [this] { predict(models_, predict_); };
    });
  }

  void add_augment() {
    auto* const command =
        add(app_, "augment", "draws what the network will see of some training images",
            "augment MODEL --samples N --out PNG [--data DIR] [--recipe NAME] [--seed N]",
            [this] { augment(models_, augment_); });
    add_model(command, augment_.model);
    add_data_folder(command, augment_.data);
    command->add_option("--samples", augment_.samples, "training images, a row each")
        ->check(CLI::Range(1, most_samples));
    command->add_option("--out", augment_.out, "the PNG file")->required();
    command->add_option("--seed", augment_.seed, "of the draws")
        ->check(CLI::Range(0, std::numeric_limits<int>::max()));
    command
        ->add_option_function<std::string>(
            "--recipe", [this](const std::string& name) { augment_.course = name == "course"; },
            "whose policy")
        ->check(CLI::IsMember(recipe_names()));
  }

  void add_summary() {
    auto* const command =
        add(app_, "summary", "layers, shapes, parameters, steps and memory",
            "summary MODEL [--batch N] [--json]", [this] { summarize(models_, summary_); });
    add_model(command, summary_.model);
    command->add_option("--batch", summary_.batch)->check(CLI::Range(1, most_images));
    add_json(command, summary_.json);
  }

  void add_data() {
    auto* const data = app_.add_subcommand("data", "downloads or verifies the images");
    data->require_subcommand(1);
    const std::string usage = "data fetch|verify mnist|asl [--data DIR] [--from PATH|URL]";
    auto* const fetch =
        add(*data, "fetch", "downloads what is missing", usage, [this] { fetch_data(data_); });
    auto* const verify =
        add(*data, "verify", "compares the hashes", usage, [this] { verify_data(data_); });
    for (auto* const command : {fetch, verify}) {
      command->add_option("SET", data_.set)->required()->check(CLI::IsMember({"mnist", "asl"}));
      add_data_folder(command, data_.data);
    }
    fetch->add_option("--from", data_.from, "a folder, or an address that has the files");
    usage_.emplace_back(data, usage);
  }

  const model_registry& models_;
  std::vector<std::string> names_;
  CLI::App app_{"Neural networks that are types", "lamina"};
  std::vector<std::pair<const CLI::App*, std::string>> usage_;
  std::function<void()> command_;
  train_words train_;
  evaluate_words evaluate_;
  predict_words predict_;
  augment_words augment_;
  summary_words summary_;
  data_words data_;
};

void complain(std::string message) {
  std::ranges::replace(message, '\n', ' ');
  std::fprintf(stderr, "lamina: %s\n", message.c_str());
}

int run_command(const std::function<void()>& command) {
  try {
    command();
    if (std::fflush(stdout) == 0) return done;
    complain("standard output: cannot be written");
  } catch (const std::bad_alloc&) {
    complain("out of memory");
  } catch (const std::exception& failure) {
    complain(failure.what());
  }
  return failed;
}

}  // namespace

void command_line::add(std::string name, std::unique_ptr<model> type, model_options options) {
  if (options.preprocessing.count == 0) {
    const auto input = type->describe(1);
    options.preprocessing = {{{{preprocess_kind::grey},
                               {preprocess_kind::resize_to, static_cast<double>(input.height),
                                static_cast<double>(input.width)}}},
                             2};
  }
  const auto factor = static_cast<float>(options.preprocessing.factor());
  const auto offset = static_cast<float>(options.preprocessing.offset());
  options.data = [own = std::move(options.data), labels = options.labels,
                  how = options.preprocessing, factor, offset](const std::filesystem::path& from) {
    auto data = !from.empty() && io::has_pictures_by_class(from, labels)
                    ? io::load_pictures_by_class(from, labels, how)
                    : own(from);
    for (dataset* const part : {&data.train, &data.test})
      part->factor = factor, part->offset = offset;
    return data;
  };
  models_.insert_or_assign(std::move(name), registered_model{std::move(type), std::move(options)});
}

int command_line::run(int argc, const char* const* argv) {
  parser words(models_);
  try {
    const auto command = words.parse(argc, argv);
    return run_command(command);
  } catch (const CLI::ParseError& problem) {
    if (problem.get_exit_code() == 0) return words.exit(problem);
    complain(problem.what());
    std::fprintf(stderr, "%s\n", words.usage().c_str());
    return wrong_usage;
  }
}

void print(const nlohmann::ordered_json& document) {
  std::printf("%s\n",
              document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

double seconds_since_start() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - program_start).count();
}

}  // namespace lamina::cli
